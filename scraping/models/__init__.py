from .errors import ScrapeError, SetAsideItem
from .health import BookmakerHealth
from .runs import ScrapeBatch, ScrapeRun, ScrapeRunBookmaker
from .settings import Settings, SettingsChange

__all__ = [
    "BookmakerHealth",
    "ScrapeBatch",
    "ScrapeError",
    "ScrapeRun",
    "ScrapeRunBookmaker",
    "SetAsideItem",
    "Settings",
    "SettingsChange",
]

"""Countries, tournaments and clubs of the demo world. Clubs are invented; several countries share tournament names."""

from dataclasses import dataclass
from functools import cache

from scraping.demo.hashing import mix, text_key

_MAJOR = {
    "England": ("Premier League", "Championship", "League One", "League Two", "FA Cup", "Women's Super League"),
    "Nigeria": ("Premier League", "National League", "Federation Cup"),
    "Ghana": ("Premier League", "Division One"),
    "Kenya": ("Premier League", "Super League"),
    "Egypt": ("Premier League", "Second Division A"),
    "South Africa": ("Premier League", "National First Division"),
    "Russia": ("Premier League", "First League"),
    "Ukraine": ("Premier League", "Persha Liga"),
    "Spain": ("La Liga", "La Liga 2", "Copa del Rey", "Primera Federacion"),
    "Italy": ("Serie A", "Serie B", "Serie C", "Coppa Italia"),
    "Brazil": ("Serie A", "Serie B", "Serie C", "Paulista A1"),
    "Ecuador": ("Serie A", "Serie B"),
    "Germany": ("Bundesliga", "2. Bundesliga", "3. Liga", "DFB Pokal"),
    "Austria": ("Bundesliga", "2. Liga"),
    "France": ("Ligue 1", "Ligue 2", "National"),
    "Ivory Coast": ("Ligue 1", "Ligue 2"),
    "Switzerland": ("Super League", "Challenge League"),
    "Greece": ("Super League", "Super League 2"),
    "China": ("Super League", "League One"),
    "Zambia": ("Super League", "Division One"),
    "Turkey": ("Super Lig", "1. Lig"),
    "Portugal": ("Primeira Liga", "Segunda Liga"),
    "Netherlands": ("Eredivisie", "Eerste Divisie"),
    "Argentina": ("Liga Profesional", "Primera Nacional"),
    "USA": ("Major League Soccer", "USL Championship"),
    "International": ("International Club Friendlies", "Champions League", "World Cup Qualification"),
}
_MINOR = [
    "Albania",
    "Algeria",
    "Angola",
    "Armenia",
    "Australia",
    "Azerbaijan",
    "Bahrain",
    "Belarus",
    "Belgium",
    "Benin",
    "Bolivia",
    "Botswana",
    "Bulgaria",
    "Burundi",
    "Cameroon",
    "Canada",
    "Chile",
    "Colombia",
    "Croatia",
    "Cyprus",
    "Czechia",
    "Denmark",
    "Estonia",
    "Ethiopia",
    "Finland",
    "Georgia",
    "Guatemala",
    "Honduras",
    "Hungary",
    "Iceland",
    "India",
    "Indonesia",
    "Iran",
    "Iraq",
    "Ireland",
    "Israel",
    "Jamaica",
    "Japan",
    "Jordan",
    "Kazakhstan",
    "Kosovo",
    "Kuwait",
    "Latvia",
    "Lithuania",
    "Luxembourg",
    "Malaysia",
    "Malta",
    "Mexico",
    "Moldova",
    "Montenegro",
    "Morocco",
    "Norway",
    "Oman",
    "Panama",
    "Paraguay",
    "Peru",
    "Poland",
    "Qatar",
    "Romania",
    "Rwanda",
    "Scotland",
    "Senegal",
    "Serbia",
    "Slovakia",
    "Slovenia",
    "Sweden",
    "Tanzania",
    "Thailand",
    "Tunisia",
    "Uganda",
    "Uruguay",
    "Uzbekistan",
    "Venezuela",
    "Vietnam",
    "Wales",
    "Zimbabwe",
]
_MINOR_TOURNAMENTS = ("Premier League", "First Division", "Cup", "Women League")
_STEMS = [
    "Ar",
    "Bel",
    "Cor",
    "Dor",
    "El",
    "Fal",
    "Gar",
    "Har",
    "Is",
    "Jor",
    "Kal",
    "Lor",
    "Mar",
    "Nor",
    "Ost",
    "Pal",
    "Quar",
    "Ros",
    "Sal",
    "Tor",
    "Ul",
    "Var",
    "Wes",
    "Yar",
    "Zan",
]
_ENDINGS = [
    "adale",
    "amar",
    "borg",
    "bury",
    "castro",
    "dona",
    "field",
    "gate",
    "haven",
    "ica",
    "jevo",
    "kirk",
    "linga",
    "minster",
    "nova",
    "oma",
    "ponte",
    "riga",
    "stad",
]
_FORMS = ("{} FC", "{} FC", "{} United", "{} City", "{} SC", "Real {}", "{} Rovers", "{}", "Sporting {}", "{} Town FC")
TEAMS_PER_TOURNAMENT = 16


@dataclass(frozen=True, slots=True)
class Tournament:
    """One tournament; its number gives its id at each bookmaker. weight: how often it has events."""

    number: int
    name: str
    country: str
    country_number: int
    tier: int
    weight: float


@cache
def tournaments() -> tuple[Tournament, ...]:
    found: list[Tournament] = []
    for position, (country, names) in enumerate([*_MAJOR.items(), *((name, _MINOR_TOURNAMENTS) for name in _MINOR)]):
        for rank, name in enumerate(names):
            major = country in _MAJOR
            tier = min(3, 1 + rank + (0 if major else 1))
            weight = (3.0 if major else 1.0) / (1 + 0.5 * rank)
            if name == "International Club Friendlies":
                tier, weight = 3, 35.0
            found.append(Tournament(len(found) + 1, name, country, position + 1, tier, weight))
    return tuple(found)


@cache
def clubs(number: int) -> tuple[str, ...]:
    """The clubs of a tournament, all different."""
    names: list[str] = []
    step = 0
    while len(names) < TEAMS_PER_TOURNAMENT:
        value = mix(number, step, 77)
        town = _STEMS[value % 25] + _ENDINGS[value // 25 % 19]
        name = _FORMS[value // 475 % len(_FORMS)].format(town)
        step += 1
        if name not in names:
            names.append(name)
    return tuple(names)


_GIVEN = [
    "Ade",
    "Bruno",
    "Carlos",
    "Diego",
    "Emeka",
    "Felix",
    "Goran",
    "Hugo",
    "Ivan",
    "Jonas",
    "Kofi",
    "Luka",
    "Milan",
    "Nico",
    "Oskar",
    "Pavel",
    "Rui",
    "Sami",
    "Tunde",
    "Yaw",
]
_FAMILY = [
    "Abara",
    "Bello",
    "Costa",
    "Dimov",
    "Ekong",
    "Ferro",
    "Garba",
    "Hansen",
    "Ilic",
    "Jansen",
    "Kamara",
    "Lopes",
    "Mensah",
    "Novak",
    "Okoye",
    "Petrov",
    "Rossi",
    "Silva",
    "Toure",
    "Weber",
]


@cache
def squad(club: str) -> tuple[tuple[str, str], ...]:
    """The players of a club, (given name, family name), more than a line-up so that two clubs can differ."""
    key = text_key(club)
    players: list[tuple[str, str]] = []
    step = 0
    while len(players) < 24:
        value = mix(key, step, 5)
        player = (_GIVEN[value % 20], _FAMILY[value // 20 % 20])
        step += 1
        if player not in players:
            players.append(player)
    return tuple(players)


def line_ups(home: str, away: str) -> list[tuple[str, str, str]]:
    """Eleven of each club, (club, given name, family name); no name twice in one match."""
    first = squad(home)[:11]
    second = [player for player in squad(away) if player not in first][:11]
    return [(home, *player) for player in first] + [(away, *player) for player in second]


def short_name(club: str) -> str:
    """The same club in Bet9ja's manner: without its FC or SC, United shortened."""
    return club.removesuffix(" FC").removesuffix(" SC").replace(" United", " Utd")

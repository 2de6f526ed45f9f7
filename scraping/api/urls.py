from oddsproject.api.routes import route

from . import control, runs

# Fixed addresses before those with an id.
urlpatterns = [
    *route("scrape", runs.StartCycle, "scrape"),
    *route("scrape/event/<key:sportradar_id>", runs.RefreshEvent, "scrape-event"),
    *route("scrape/runs", runs.Runs, "scrape-runs"),
    *route("scrape/runs/active", runs.ActiveRuns, "scrape-runs-active"),
    *route("scrape/runs/<id:run_id>", runs.Run, "scrape-run"),
    *route("scrape/stats", runs.Stats, "scrape-stats"),
    *route("scrape/<id:run_id>/retry", runs.RetryRun, "scrape-retry"),
    *route("scheduler/status", control.SchedulerStatus, "scheduler-status"),
    *route("scheduler/pause", control.PauseScheduler, "scheduler-pause"),
    *route("scheduler/resume", control.ResumeScheduler, "scheduler-resume"),
    *route("settings", control.SettingsView, "settings"),
]

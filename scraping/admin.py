"""The scraper's pages in the admin."""

from scraping import admin_freshness, admin_runs, admin_settings

__all__ = ["admin_freshness", "admin_runs", "admin_settings"]

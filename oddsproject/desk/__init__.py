"""What the admin pages share: the site, read-only bases, the paginator, formats, the sidebar."""

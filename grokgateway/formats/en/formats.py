"""English dates and times: short, unambiguous, 24 hours. Read by Django's own names."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"

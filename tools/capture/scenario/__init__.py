"""Two quarters of traffic of several sensors, with a known course for every line that a quarterly report draws."""

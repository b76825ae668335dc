"""Numbers, days and times as people say them."""

"""What guards the front desk: who may ask, how often, and what a browser is told to keep to."""

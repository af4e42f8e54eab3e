"""lambdacli: run AWS Lambda functions here as Lambda would, from one manifest."""

__version__ = "0.1.0"

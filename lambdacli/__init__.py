"""lambdacli: build, run and deploy AWS Lambda functions from one manifest."""

__version__ = "0.1.0"

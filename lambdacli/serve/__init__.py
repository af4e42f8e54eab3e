"""The manifest served here: SDK calls, HTTP, queues, streams, topics and schedules reach its functions."""

"""The demo around the sandbox.

`environment` is all that stands around the two platforms: workers (`worker_processes`), a way to the database that can
be cut (`tcp_proxy`), stories to post (`fixtures`, `sample_media`). `headless` lets `simulated_users` tap and judges by
`report`; `interactive` leaves it to a visitor, whose page reads the workers' logs (`log_tail`).
"""

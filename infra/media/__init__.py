"""Where the files of the stories live.

Read formats (what is taken; films and boxes for videos), fitting (what becomes of a picture), taking (what is kept
under which name), then local (a folder, with links and secret) or bucket (S3). What Instagram fetches is named by
taking.published_path: a video itself, for a picture its copy `<stem>.story.jpg`, which `media add` always writes
beside the original.
"""

"""Where the files of the stories live, and what becomes of a file before it goes live.

Read names (which file is which), then taking (what becomes of a picture or a film) with formats and fitting for
pictures, probe, films and encoding for films, animations for pictures that move. Taking happens in workshop, a process
of its own that making starts and ends; ffmpeg is one below it. Files are kept by local (a folder, with links and
secret) or bucket (S3), and shown to the team without what they tell: cleaning, with originals and the three bare ones.
"""

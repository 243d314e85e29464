"""Where the files of the stories live. Read formats (what is taken), then local (where it is put)."""

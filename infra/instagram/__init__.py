"""Instagram through Meta's Graph API.

Read wire (one HTTP call, and whether it left), replies (what comes back), verdicts (what each error code means, in
plain words), graph (the calls; fills ports.Instagram), tokens (whose a token is, and a new one in its place).
"""

"""The account under which the embedded PostgreSQL runs: our own, or an unprivileged one if we are root.

PostgreSQL refuses to run as root, and the checkout or DATA_DIR often lies in a folder that only root may enter. So the
unprivileged account is lent one capability that opens folders: ambient, so that it outlives exec. Without
`no_setuid_fixup` access(2) would ignore it, and PostgreSQL asks access(2) for its own program. The weaker capability
comes first; Docker grants the stronger one only (https://man7.org/linux/man-pages/man7/capabilities.7.html).
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from actors.errors import PortError

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # ours holds secrets that a server has no use for
_CANDIDATES = ("postgres", "nobody")
_CAPABILITIES = ("dac_read_search", "dac_override")
_TRIAL = 'cd "$1" && exec 3<"$2" && exec "$3" --version'


class EmbeddedPostgresFailed(PortError):
    """The embedded PostgreSQL cannot be had; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class OsAccount:
    """Who runs the server, and the words before a command that make it theirs; no uid means ourselves."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def run(
        self, command: list[str], text: str = "", output: int = subprocess.PIPE, kept: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, for at most two minutes and out of reach of Ctrl-C; it inherits `kept`."""
        switched = self.uid is not None and not self.prefix
        return subprocess.run(
            [*self.prefix, *command],
            input=text,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
            pass_fds=kept,
            timeout=120,
            check=False,
            user=self.uid if switched else None,
            group=self.gid if switched else None,
            extra_groups=[] if switched else None,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def find_account(data_dir: Path, cluster: Path, binaries: Path) -> OsAccount:
    """Choose an account that reaches both DATA_DIR and PostgreSQL's programs; a cluster stays with its owner."""
    if os.geteuid() != 0:
        return OsAccount()
    uid, gid = _owner(cluster) or _unprivileged()
    for account in _ways(uid, gid):
        if _reaches(account, data_dir, binaries):
            return account
    raise EmbeddedPostgresFailed(
        f"PostgreSQL does not run as root, and user {uid} cannot reach {data_dir} and {binaries}: "
        "put both into folders that everybody may enter, run everytap as another user, or set DATABASE_URL"
    )


def _owner(cluster: Path) -> tuple[int, int] | None:
    try:
        found = cluster.stat()
    except FileNotFoundError:
        return None
    return (found.st_uid, found.st_gid) if found.st_uid else None


def _unprivileged() -> tuple[int, int]:
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise EmbeddedPostgresFailed(
        "PostgreSQL does not run as root, and this system has neither a user postgres nor nobody: set DATABASE_URL"
    )


def _ways(uid: int, gid: int) -> list[OsAccount]:
    setpriv = shutil.which("setpriv")
    plain = OsAccount(uid, gid)
    if setpriv is None:
        return [plain]
    switch = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--securebits=+no_setuid_fixup")
    lent = [(*switch, f"--inh-caps=-all,+{one}", f"--ambient-caps=+{one}") for one in _CAPABILITIES]
    return [plain, *(OsAccount(uid, gid, prefix) for prefix in lent)]


def _reaches(account: OsAccount, data_dir: Path, binaries: Path) -> bool:
    shared = binaries.parent / "share" / "postgresql.conf.sample"
    try:
        trial = account.run(["/bin/sh", "-c", _TRIAL, "sh", str(data_dir), str(shared), str(binaries / "postgres")])
    except OSError:
        return False
    return trial.returncode == 0

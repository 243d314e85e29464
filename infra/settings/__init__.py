"""What the operator sets, in the environment or in `.env`: read and checked once, at the start."""

from infra.settings.data_dir import NotTheFolder, prepare
from infra.settings.model import UNSPEAKABLE, BadSettings, Settings
from infra.settings.reading import child_environment, load_settings

__all__ = ["UNSPEAKABLE", "BadSettings", "NotTheFolder", "Settings", "child_environment", "load_settings", "prepare"]

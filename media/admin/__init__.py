"""Console pages of kept files, their totals, and video jobs."""

from media.admin.assets import AssetAdmin
from media.admin.usage import UsageAdmin
from media.admin.videos import VideoJobAdmin

__all__ = ["AssetAdmin", "UsageAdmin", "VideoJobAdmin"]

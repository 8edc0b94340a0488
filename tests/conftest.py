"""Properties are tried on the same examples in every run, so that a run tells of the change and not of its luck.

``HYPOTHESIS_PROFILE=explore ./lab test tests/unit`` draws new ones.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

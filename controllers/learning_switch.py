"""A learning switch, for one switch or a whole network of them. The thinking is in `bridge`."""

import os
import time

from controllers.application import Application
from controllers.bridge import Bridge
from controllers.cookie import Owner
from controllers.pipeline import Pipeline


class LearningSwitch(Application):
    def build(self) -> Bridge:
        pipeline = Pipeline(Owner.LEARNING_SWITCH, self.settings.vlans())
        return Bridge(self.settings, pipeline, os.urandom(16), time.monotonic(), self.journal.record)

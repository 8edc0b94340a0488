"""A router for subnets on one or many switches, with a policy between them. The thinking is in `routing`."""

import os
import time

from controllers import view
from controllers.application import Application
from controllers.cookie import Owner
from controllers.pipeline import Pipeline
from controllers.routing import Router
from controllers.rules import Table
from controllers.view import Resources, resource


class RouterApplication(Application):
    bridge: Router

    def build(self) -> Router:
        pipeline = Pipeline(Owner.ROUTER, self.settings.vlans(), Table.POLICY, Table.CLASSIFY)
        return Router(self.settings, pipeline, os.urandom(16), time.monotonic(), self.journal.record)

    def resources(self) -> Resources:
        return {"neighbours": resource(view.neighbours, self.bridge), "routes": resource(view.routes, self.bridge)}

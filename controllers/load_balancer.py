"""A load balancer for services on one or many switches. The thinking is in `balancing`."""

import os
import time
from random import Random

from controllers import view
from controllers.application import Application
from controllers.balancing import Balancer
from controllers.cookie import Owner
from controllers.pipeline import Pipeline
from controllers.rules import Table
from controllers.view import Resources, resource
from controllers.vlans import Vlans


class LoadBalancer(Application):
    bridge: Balancer

    def build(self) -> Balancer:
        pipeline = Pipeline(Owner.LOAD_BALANCER, Vlans(), after_learning=Table.CLASSIFY)
        return Balancer(self.settings, pipeline, os.urandom(16), time.monotonic(), self.journal.record, Random())

    def resources(self) -> Resources:
        return {"services": resource(view.services, self.bridge)}

# Prints what each host answered as one JSON value: ansible-core alone has no such callback.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
name: answers
type: stdout
short_description: One JSON value, of what each host answered
description: An object with a list of answers for each host.
"""

import json

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "answers"

    def __init__(self):
        super(CallbackModule, self).__init__()
        self.answers = {}

    def keep(self, result):
        self.answers.setdefault(result._host.get_name(), []).append(result._result)

    def v2_runner_on_ok(self, result):
        self.keep(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.keep(result)
        self.answers[result._host.get_name()][-1]["failed"] = True

    def v2_runner_on_unreachable(self, result):
        self.keep(result)

    def v2_playbook_on_stats(self, stats):
        print(json.dumps(self.answers, default=str))

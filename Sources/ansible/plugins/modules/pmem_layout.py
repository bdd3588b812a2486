#!/usr/bin/python
# -*- coding: utf-8 -*-
# Calls pmemctl; all that is decided is decided there.
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: pmem_layout
short_description: Make a host's persistent memory what a layout says
description:
  - Plans a layout with C(pmemctl layout plan) and applies it with C(pmemctl layout apply), once; the second time nothing
    is changed.
  - Destructive changes must be allowed by namespace name, as on the command line. Without it the task fails and nothing is
    changed.
  - In check mode nothing is changed; what would be is told. In diff mode the layouts before and after are shown.
  - Needs root where the memory is real.
options:
  layout:
    description: The layout, as its file has it; see pmemctl-layout-plan(8).
    type: dict
  src:
    description: A file on the host that has it, YAML or JSON.
    type: path
  replace:
    description: Namespaces, by name, that may be recreated in place; V(all) for any. What is on them is lost.
    type: list
    elements: str
    default: []
  destroy:
    description: Namespaces, by name, that may be destroyed where the layout says that others are; V(all) for any.
    type: list
    elements: str
    default: []
  discard_content:
    description: Also where a filesystem, a volume or a partition table is recognised.
    type: bool
    default: false
  break_mappings:
    description: Also where processes have it mapped or open.
    type: bool
    default: false
  sim:
    description: A simulated machine's directory on the host, instead of the host itself.
    type: path
  executable:
    description: The program.
    type: str
    default: pmemctl
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - pmemctl
"""

EXAMPLES = r"""
- name: Persistent memory of the hypervisors
  hosts: hypervisors
  become: true
  tasks:
    - name: Half of each region for the guests, the rest for the image cache
      pmemctl.pmem.pmem_layout:
        layout:
          layout: 1
          regions:
            - select: {min_size: 100GiB}
              namespaces:
                - {name: "guests-{index}", mode: devdax, size: 50%}
                - {name: "cache-{index}", mode: fsdax, size: rest}
      register: pmem

    - name: Say what became of it
      ansible.builtin.debug:
        var: pmem.changes
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be, in order; as in layout-plan.json of pmemctl-json(7).
  returned: always
  type: list
  elements: dict
  contains:
    change:
      description: Kind of change, V(create), V(destroy), V(reconfigure), V(rename), V(enable), V(disable) or V(memory).
      type: str
    region:
      description: Region that it is on.
      type: str
    namespace:
      description: Kernel name of the namespace.
      type: str
    name:
      description: Its name.
      type: str
    text:
      description: The change in words.
      type: str
    size:
      description: Bytes taken from the region; only if a namespace is made.
      type: int
    usable:
      description: Usable bytes; only if a namespace is made.
      type: int
  sample: [{"change": "create", "region": "region0", "namespace": "namespace0.0", "name": "guests-0"}]
conflicts:
  description: What was not allowed by name; the task fails where there is any.
  returned: on failure
  type: list
  elements: dict
  contains:
    text:
      description: The loss in words.
      type: str
    option:
      description: The option of pmemctl that allows it.
      type: str
ansible_facts:
  description:
    - The host's persistent memory afterwards, under C(pmem), as C(pmemctl status --json) prints it; see status.json of
      pmemctl-json(7).
  returned: always
  type: dict
"""

import json

from ansible.module_utils.basic import AnsibleModule

NOTHING, PENDING = 0, 2


class Program(object):
    """pmemctl, on the machine that the task is about."""

    def __init__(self, module):
        self.module = module
        self.path = module.get_bin_path(module.params["executable"], required=True)
        self.machine = ["--sim", module.params["sim"]] if module.params["sim"] else []

    def run(self, words, expected=(0,), data=None):
        status, out, err = self.module.run_command([self.path] + words + self.machine, data=data)
        if status not in expected:
            lines = err.strip().splitlines() or ["pmemctl ended with status %d" % status]
            try:
                # Notes may come before the error.
                error = json.loads(lines[-1])
                message, details = error["message"], error["details"]
            except (ValueError, KeyError, TypeError):
                message, details = lines[0], lines[1:]
            self.module.fail_json(msg=message, details=details, rc=status, cmd=words)
        return status, out

    def answer(self, words, expected=(0,), data=None):
        status, out = self.run(words + ["--json"], expected, data)
        try:
            return status, json.loads(out)
        except ValueError:
            self.module.fail_json(msg="pmemctl answered with no JSON", stdout=out, cmd=words)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            layout=dict(type="dict"),
            src=dict(type="path"),
            replace=dict(type="list", elements="str", default=[]),
            destroy=dict(type="list", elements="str", default=[]),
            discard_content=dict(type="bool", default=False),
            break_mappings=dict(type="bool", default=False),
            sim=dict(type="path"),
            executable=dict(type="str", default="pmemctl"),
        ),
        mutually_exclusive=[("layout", "src")],
        required_one_of=[("layout", "src")],
        supports_check_mode=True,
    )
    params = module.params
    program = Program(module)
    source = params["src"] or "-"
    data = None if params["src"] else json.dumps(params["layout"])
    options = []
    for name in params["replace"]:
        options += ["--replace", name]
    for name in params["destroy"]:
        options += ["--destroy", name]
    if params["discard_content"]:
        options.append("--discard-content")
    if params["break_mappings"]:
        options.append("--break-mappings")

    status, plan = program.answer(["layout", "plan", source] + options, (NOTHING, PENDING), data)
    if plan["conflicts"]:
        module.fail_json(
            msg="; ".join(one["text"] for one in plan["conflicts"]),
            conflicts=plan["conflicts"],
            changes=plan["changes"],
        )
    result = dict(changed=status == PENDING, changes=plan["changes"])
    before = program.run(["layout", "export"])[1] if module._diff else ""
    if status == PENDING and not module.check_mode:
        _, plan = program.answer(["layout", "apply", source, "--yes", "--no-progress"] + options, (0,), data)
        result["changes"] = plan["changes"]
    if module._diff:
        if module.check_mode:
            result["diff"] = dict(prepared="".join(one["text"] + "\n" for one in plan["changes"]))
        else:
            after = program.run(["layout", "export"])[1]
            result["diff"] = dict(before=before, after=after, before_header="layout", after_header="layout")
    result["ansible_facts"] = dict(pmem=program.answer(["status"])[1])
    module.exit_json(**result)


if __name__ == "__main__":
    main()

import PmemctlCommands
import Testing

/// Users that no process shows, and machines that are not seen whole.
@Suite struct UnseenCommandTests {
  /// Namespaces "files" (fsdax) and "vm" (devdax), as scripts would make them.
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    for line in ["--mode fsdax --name files", "--mode devdax --name vm"] {
      let made = harness.run("namespace create --region region0 --size 64MiB \(line)")
      #expect(made.status == .done, "\(made.err)")
    }
    return harness
  }

  private static let changes = [
    "namespace disable", "namespace destroy --force", "namespace reconfigure --force --map mem",
  ]

  @Test(arguments: ["nvmet", "lio", "zram", "unseen"], ["files", "vm"])
  func whatTheKernelHasOpenIsInTheWay(holder: String, name: String) throws {
    let harness = try machine()
    let before = harness.run("namespace list --json").out
    #expect(harness.run("sim hold \(name) --as \(holder)").status == .done)
    #expect(
      harness.run("user list \(name) --json").out.contains(holder == "unseen" ? "\"unseen\"" : "by \(holder)")
    )
    for change in Self.changes + ["region disable region0"] {
      let answer = harness.run(change.hasPrefix("region") ? change : "\(change) \(name)")
      #expect(
        answer.status == .refused && answer.err.contains("nothing was changed"), "\(change): \(answer.err)")
    }
    #expect(harness.run("namespace list --json").out == before)
    #expect(harness.run("sim release \(name) --from \(holder)").status == .done)
    #expect(harness.run("user list --json").out == "[]\n")
    #expect(harness.run("namespace disable \(name)").status == .done)
  }

  @Test func aDeviceThatEndedIsHeldNoMore() throws {
    let harness = try machine()
    harness.run("sim hold vm --as unseen")
    #expect(harness.run("namespace disable vm --break-mappings --yes").status == .done)
    #expect(harness.run("namespace enable vm").status == .done)
    #expect(harness.run("user list --json").out == "[]\n")
  }

  @Test(arguments: ["opens", "pins", "memory"]) func whatCannotBeSeenIsNotPermitted(part: String) throws {
    let harness = try machine()
    harness.run("sim view --hide \(part)")
    for change in Self.changes {
      let answer = harness.run("\(change) vm")
      #expect(
        answer.status == .notPermitted && answer.err.contains("--assume-unused"), "\(change): \(answer.err)")
      #expect(harness.run("\(change) vm --yes --break-mappings --discard-content").status == .notPermitted)
    }
    let report = harness.run("user list --json")
    #expect(report.out.contains("\"complete\": false") && report.out.contains("\"part\": \"\(part)\""))
    #expect(!report.err.isEmpty)
    #expect(harness.run("status --json").out.contains("\"complete\": false"))
    #expect(harness.run("doctor --json").out.contains("\"complete\": false"))
    #expect(harness.run("namespace disable vm --assume-unused").status == .refused)
    #expect(harness.run("namespace disable vm --assume-unused --yes").status == .done)
  }

  /// The kernel's own count shows a process that is not visible, and is believed.
  @Test func aProcessOutOfSightIsInTheWay() throws {
    let harness = try machine()
    harness.run("sim process start app --pid 7")
    harness.run("sim open 7 vm")
    harness.run("sim view --hide processes")
    #expect(harness.run("namespace disable vm").status == .refused)
    #expect(harness.run("user list vm --json").out.contains("\"opens\": 1"))
    #expect(harness.run("mapping list --json").out.contains("\"complete\": false"))
    #expect(harness.run("namespace disable files").status == .done)
    harness.run("sim view --hide processes --hide opens")
    #expect(harness.run("namespace disable vm").status == .notPermitted)
    harness.run("sim view --all")
    #expect(harness.run("user list vm --json").out.contains("\"pid\": 7"))
  }

  /// A filesystem is seen under /sys/fs also if its mount is not.
  @Test func aMountOutOfSightIsInTheWay() throws {
    let harness = try machine()
    harness.run("sim mount files /mnt")
    harness.run("sim view --hide mounts")
    let report = harness.run("user list files --json").out
    #expect(report.contains("\"superblock\"") && !report.contains("\"mount\""))
    #expect(harness.run("namespace disable files").status == .refused)
    harness.run("sim umount /mnt")
    #expect(harness.run("namespace disable files").status == .done)
  }

  @Test func countsThatCannotBeReadAreNoSuccess() throws {
    let harness = try machine()
    #expect(harness.run("pin list").status == .done)
    harness.run("sim view --hide pins")
    let list = harness.run("pin list")
    #expect(list.status == .notPermitted && list.out.contains("unknown"))
  }

  /// Names under /dev lie; users and content are found by the device's number.
  @Test(arguments: [
    ("--as file", "/dev/pmem0 (deleted)"), ("--as link --to other", "/dev/pmem0 (deleted)"),
    ("--as renamed --to /dev/moved", "/dev/moved"), ("--as second --to /dev/moved", "/dev/pmem0"),
  ])
  func aLyingNodeHidesNothing(kind: String, path: String) throws {
    let harness = try machine()
    harness.run("namespace create --region region0 --size 64MiB --name other")
    harness.run("sim process start app --pid 7")
    #expect(harness.run("sim open 7 files").status == .done)
    let node = harness.run("sim node files \(kind)")
    #expect(node.status == .done, "\(node.err)")
    #expect(harness.run("user list files --json").out.contains("\"\(path)\""))
    for change in Self.changes + ["region disable region0"] {
      let answer = harness.run(change.hasPrefix("region") ? change : "\(change) files")
      #expect(answer.status == .refused && answer.err.contains("app (7)"), "\(change): \(answer.err)")
    }
    #expect(harness.run("sim process stop 7").status == .done)
    #expect(harness.run("sim node files --restore").status == .done)
    #expect(harness.run("sim node files --restore").status == .notFound)
    #expect(harness.run("namespace disable files").status == .done)
  }

  /// In verbs that stand for programs, a path is what it leads to.
  @Test func programsFollowALyingNode() throws {
    let harness = try machine()
    let other = harness.run("namespace create --region region0 --size 64MiB --name other --json")
    #expect(other.out.contains("pmem0.2"), "\(other.out)")
    harness.run("sim process start app --pid 7")
    harness.run("sim node files --as link --to other")
    harness.run("sim open 7 /dev/pmem0")
    #expect(harness.run("user list files --json").out == "[]\n")
    #expect(harness.run("user list other --json").out.contains("\"pid\": 7"))
    harness.run("sim node files --as file")
    let opened = harness.run("sim open 7 /dev/pmem0")
    #expect(opened.status == .failed && opened.err.contains("regular file"), "\(opened.err)")
    harness.run("sim node files --as renamed --to /dev/moved")
    #expect(harness.run("sim open 7 /dev/pmem0").status == .notFound)
    #expect(harness.run("sim open 7 /dev/moved").status == .done)
    #expect(harness.run("namespace disable files").status == .refused)
    #expect(harness.run("sim node other --as second --to /dev/moved").status == .failed)
    #expect(harness.run("sim node other --as second --to /dev/pmem0").status == .done)
    for line in ["--as file --to other", "--as link", "--as link --to files", "--as renamed --to moved", ""] {
      #expect(harness.run("sim node files \(line)").status == .usage, "\(line)")
    }
  }

  /// drivers/base/devtmpfs.c makes a node where there is nothing of its name, and removes none but its own.
  @Test func aLyingNodeStaysWhenTheDeviceGoes() throws {
    let harness = try machine()
    for (kind, reopened) in [("file", "/dev/pmem0"), ("renamed --to /dev/moved", "/dev/moved")] {
      harness.run("sim process start app --pid 7")
      #expect(harness.run("sim node files --as \(kind)").status == .done)
      #expect(harness.run("namespace disable files").status == .done)
      #expect(harness.run("namespace enable files").status == .done)
      let opened = harness.run("sim open 7 \(reopened)")
      #expect(opened.status == (kind == "file" ? .failed : .done), "\(kind): \(opened.err)")
      #expect(harness.run("sim open 7 /dev/pmem0").status == (kind == "file" ? .failed : .done))
      harness.run("sim process stop 7")
      harness.run("sim node files --restore")
    }
  }

  @Test func aBootEndsIt() throws {
    let harness = try machine()
    harness.run("sim hold files --as nvmet")
    harness.run("sim view --hide pins")
    harness.run("sim node files --as file")
    harness.run("sim reboot")
    #expect(harness.run("sim node files --restore").status == .notFound)
    #expect(harness.run("user list --json").out == "[]\n")
    #expect(harness.run("status --json").out.contains("\"complete\": true"))
  }
}

import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// Processes on a simulated machine, and what mapping list, user list and the destructive verbs make of them.
@Suite struct ProcessCommandTests {
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness()
    for line in [
      "sim create \(harness.machine) --dimm 4GiB",
      "namespace create --mode devdax --size 512MiB --name vm",
      "namespace create --mode fsdax --size 512MiB --name files",
      "namespace create --mode devdax --align 4KiB --size 512MiB --name small",
      "sim process start qemu --pid 812",
    ] { #expect(harness.run(line).status == .done) }
    return harness
  }

  private func map(_ harness: CommandHarness, _ options: String) -> String {
    harness.run("sim map 812 " + options).out.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func aMappingIsListedAndInTheWay() throws {
    let harness = try machine()
    let address = map(harness, "dax0.0 --length 64MiB")
    #expect(harness.run("sim touch 812 \(address) --length 3MiB").status == .done)
    try expectGolden(harness.run("mapping list").out, "mapping-list.txt")
    try expectGolden(harness.run("mapping list --json").out, "mapping-list.json")
    try expectGolden(harness.run("user list").out, "user-list.txt")
    try expectGolden(harness.run("user list --json").out, "user-list.json")
    let before = harness.run("status --json --idle").out
    for line in [
      "namespace disable vm", "namespace destroy --force vm", "region disable region0",
      "label init --force nmem0",
    ] {
      let refused = harness.run(line)
      #expect(refused.status == .refused, "\(line)")
      #expect(refused.err.contains("64 MiB of /dev/dax0.0 by qemu (812)"), "\(refused.err)")
    }
    #expect(harness.run("status --json --idle").out == before)
    #expect(harness.run("namespace disable files").status == .done)
    #expect(harness.run("sim process stop 812").status == .done)
    #expect(harness.run("user list --json").out == "[]\n")
    #expect(harness.run("namespace destroy --force vm").status == .done)
  }

  @Test func theKernelsRulesOfMappingsHold() throws {
    let harness = try machine()
    for (line, status) in [
      ("sim map 812 dax0.0 --offset 4KiB", Status.failed), ("sim map 812 dax0.0 --length 1MiB", .failed),
      ("sim map 812 dax0.0 --offset 1GiB", .failed), ("sim map 812 dax0.0 --length 0", .failed),
      ("sim map 812 nosuch", .notFound), ("sim map 813 dax0.0", .notFound),
      ("sim process start other --pid 812", .failed), ("sim process start other --pid 0", .failed),
      ("sim process stop 5", .notFound), ("sim touch 812 0x10", .failed), ("sim touch 812 zz", .notFound),
      ("sim unmap 812 0x10", .failed), ("mapping list nosuch", .notFound), ("user list nosuch", .notFound),
    ] {
      let answer = harness.run(line)
      #expect(answer.status == status, "\(line): \(answer.err)")
    }
    let address = map(harness, "dax0.2 --offset 4KiB --length 8KiB")
    #expect(harness.run("sim unmap 812 \(address) --length 1KiB").status == .failed)
    #expect(harness.run("sim unmap 812 \(address) --length 4KiB").status == .done)
    #expect(harness.run("mapping list small --json").out.contains("\"offset\": 8192"))
    #expect(harness.run("mapping list vm --json").out == "[]\n")
    #expect(harness.run("mapping list --pid 1 --json").out == "[]\n")
  }

  /// A mapping may reach beyond the device; what is there kills who touches it.
  @Test func touchingBehindTheEndIsSIGBUS() throws {
    let harness = try machine()
    let address = map(harness, "dax0.0 --offset 500MiB --length 4MiB")
    #expect(harness.run("sim touch 812 \(address)").status == .done)
    let behind = String(try #require(UInt64(address.dropFirst(2), radix: 16)) + 2 << 20, radix: 16)
    let killed = harness.run("sim touch 812 \(behind)")
    #expect(killed.err.contains("process 812 was killed by SIGBUS"))
    #expect(harness.run("sim process list --json").out == "[]\n")
  }

  /// What ndctl's way leaves behind: the device goes away under the mapping.
  @Test func aRebootEndsProcesses() throws {
    let harness = try machine()
    _ = map(harness, "dax0.0")
    #expect(harness.run("sim reboot").status == .done)
    #expect(harness.run("sim process list --json").out == "[]\n")
    #expect(harness.run("namespace disable vm").status == .done)
  }

  @Test func namesOfProcessesAreSanitisedAndExact() throws {
    let harness = try machine()
    harness.run(["sim", "process", "start", "a\nb\u{1b}[1m", "--pid", "900"])
    harness.run("sim map 900 dax0.0")
    #expect(harness.run("mapping list").out.split(separator: "\n").count == 2)
    #expect(!harness.run("user list").out.contains("\u{1b}"))
    #expect(harness.run("mapping list --json").out.contains(#""comm": "a\nb\u001b[1m""#))
  }

  @Test func whatIsPopulatedIsWhatWasTouched() throws {
    let harness = try machine()
    let address = map(harness, "dax0.2 --length 1MiB")
    let start = try #require(UInt64(address.dropFirst(2), radix: 16))
    var generator = SeededGenerator(seed: 59)
    var pages: Set<UInt64> = []
    for _ in 0..<30 {
      let first = UInt64.random(in: 0..<256, using: &generator)
      let count = UInt64.random(in: 1...(256 - first), using: &generator) % 9 + 1
      guard first + count <= 256 else { continue }
      let at = String(start + first * 4096 + 17, radix: 16)
      #expect(harness.run("sim touch 812 \(at) --length \(count * 4096 - 4000)").status == .done)
      pages.formUnion(first..<(first + (17 + count * 4096 - 4000 + 4095) / 4096))
      #expect(harness.run("mapping list --json").out.contains("\"populated\": \(pages.count * 4096)"))
    }
  }
}

import Foundation
import PmemDevice
import Testing

@testable import NdctlPersonality

/// Command lines of scripts that are written for ndctl and daxctl.
@Suite struct PersonalityTests {
  @Test func theNameDecidesAndSoDoesTheFirstOption() {
    #expect(NdctlPersonality(program: "/usr/lib/pmemctl/bin/ndctl", arguments: []) != nil)
    #expect(NdctlPersonality(program: "pmemctl", arguments: ["--as", "daxctl", "list"]) != nil)
    #expect(NdctlPersonality(program: "pmemctl", arguments: ["--as=ndctl", "list"]) != nil)
    #expect(NdctlPersonality(program: "pmemctl", arguments: ["status", "--as", "ndctl"]) == nil)
    #expect(NdctlPersonality(program: "pmemctl", arguments: ["--as", "cxl"]) == nil)
  }

  @Test func theVersionIsANumberAlone() throws {
    let harness = try PersonalityHarness()
    for line in ["ndctl --version", "ndctl -v", "daxctl version", "pmemctl --as ndctl --version"] {
      #expect(harness.run(line).out == "76.1\n")
    }
  }

  @Test func commandsAreListedOneALine() throws {
    let harness = try PersonalityHarness()
    let commands = harness.run("ndctl --list-cmds").out.split(separator: "\n")
    #expect(commands.count == 34)
    #expect(commands.first == "version" && commands.last == "help")
    #expect(harness.run("daxctl --list-cmds").out.split(separator: "\n").count == 12)
  }

  @Test func nothingToListIsNoByteAtAll() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    let answer = harness.run("ndctl list")
    #expect(answer.status == 0 && answer.out.isEmpty && answer.err.isEmpty)
    #expect(harness.run("daxctl list").out.isEmpty)
  }

  @Test func aCreatedNamespaceIsPrintedAsOneObject() throws {
    let harness = try PersonalityHarness()
    let answer = harness.run("ndctl create-namespace -r region0 -s 256M -m devdax")
    #expect(answer.status == 0 && answer.err.isEmpty)
    let uuid = try #require(answer.out.firstMatch(of: #/"uuid":"([^"]*)"/#)).output.1
    #expect(
      answer.out == """
        {
          "dev":"namespace0.0",
          "mode":"devdax",
          "map":"dev",
          "size":262144000,
          "uuid":"\(uuid)",
          "daxregion":{
            "id":0,
            "size":262144000,
            "align":2097152,
            "devices":[
              {
                "chardev":"dax0.0",
                "size":262144000,
                "target_node":0,
                "align":2097152,
                "mode":"devdax"
              }
            ]
          },
          "align":2097152
        }

        """)
  }

  @Test(
    arguments: [
      (
        "ndctl create-namespace -r region0 -s 5M", 234,
        "align setting is 0x1000000 size 0x500000 is misaligned"
      ),
      (
        "ndctl create-namespace -r region0 -s 100G", 237,
        "failed to create namespace: No space left on device"
      ),
      ("ndctl create-namespace -r region2 -s 16M", 237, "Legacy / label-less namespaces do not support"),
      ("ndctl create-namespace -a 3000", 129, "align must be a power-of-2 greater than 4096"),
      ("ndctl create-namespace -m wrong", 129, "invalid mode 'wrong'"),
      ("ndctl create-namespace -r region0 -a 16M -s 32M", 237, "unsupported align: 16M"),
      (
        "ndctl create-namespace -r region0 -s 16M -l 1234 -m raw", 234,
        "does not support namespace sector_size 1234"
      ),
      ("ndctl disable-namespace namespace9.0", 250, "error disabling namespaces: No such device or address"),
      ("ndctl destroy-namespace", 129, "specify a namespace to destroy, or \"all\""),
      ("ndctl disable-region nosuch", 0, "disabled 0 regions"),
      ("ndctl zero-labels nmem99", 0, "zeroed 0 nmem"),
      ("ndctl init-labels nmem0", 1, "nmem0: regions active, abort label write"),
      ("ndctl disable-dimm x", 129, "'x' is not a valid dimm name"),
      ("ndctl start-scrub", 254, "error starting scrub: No such file or directory"),
      ("ndctl clear-errors namespace2.0", 161, "Unable to determine scrub state: Operation not supported"),
      ("ndctl list -m wrong", 234, "invalid mode: 'wrong'"),
      ("daxctl online-memory dax9.0", 250, "onlined memory for 0 devices"),
      ("daxctl create-device", 250, "created 0 devices"), ("ndctl nosuch", 1, "Unknown command: 'nosuch'"),
      ("ndctl load-keys", 0, ""),
    ] as [(String, Int32, String)])
  func failuresHaveTheStatusAndTheTextOfTheTool(line: String, status: Int32, text: String) throws {
    let answer = try PersonalityHarness().run(line)
    #expect(answer.status == status, "\(answer.err)")
    #expect(text.isEmpty ? answer.err.isEmpty : answer.err.contains(text), "\(answer.err)")
    #expect(answer.out.isEmpty)
  }

  @Test func theLastNamespaceDecidesTheStatus() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m devdax")
    harness.run("ndctl create-namespace -s 64M -m devdax")
    harness.run("pmemctl sim process start qemu --pid 812")
    harness.run("pmemctl sim map 812 dax0.0")
    let answer = harness.run("ndctl disable-namespace all")
    #expect(answer.status == 0)
    #expect(answer.err.hasSuffix("disabled 1 namespace\n"), "\(answer.err)")
  }

  @Test func whatAProcessUsesIsNotTornDown() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m devdax")
    harness.run("pmemctl sim process start qemu --pid 812")
    harness.run("pmemctl sim map 812 dax0.0")
    let before = harness.run("ndctl list -vvv").out
    for (line, text) in [
      ("ndctl disable-namespace namespace0.0", "error disabling namespaces: Device or resource busy"),
      ("ndctl destroy-namespace -f namespace0.0", "error destroying namespaces: Device or resource busy"),
      (
        "ndctl create-namespace -f -e namespace0.0 -m raw",
        "failed to reconfigure namespace: Device or resource busy"
      ),
      ("daxctl disable-device dax0.0", "error disabling device: Device or resource busy"),
    ] {
      let refused = harness.run(line)
      #expect(refused.status == 240, "\(line): \(refused.err)")
      #expect(refused.err.contains(text), "\(refused.err)")
      #expect(
        refused.err.split(separator: "\n").count { $0.hasPrefix("pmemctl: ") && $0.contains("qemu (812)") }
          == 1)
    }
    #expect(harness.run("ndctl disable-region region0").status == 0)
    #expect(harness.run("ndctl list -vvv").out == before)
    harness.environment["PMEMCTL_NDCTL_UNSAFE"] = "1"
    #expect(harness.run("ndctl disable-namespace namespace0.0").status == 0)
  }

  @Test func contentDoesNotProtectItselfAndIsSavedForUndo() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m fsdax -n db")
    let before = harness.run("ndctl list -N -v").out
    #expect(harness.run("ndctl destroy-namespace namespace0.0").status == 240)
    let destroyed = harness.run("ndctl destroy-namespace -f namespace0.0")
    #expect(destroyed.status == 0 && destroyed.err == "destroyed 1 namespace\n", "\(destroyed.err)")
    #expect(harness.run("ndctl list").out.isEmpty)
    #expect(harness.run("pmemctl undo run").status == 0)
    #expect(harness.run("ndctl list -N -v").out == before)
  }

  @Test func aNamespaceIsMadeAnewUnderItsName() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m fsdax -n db")
    let recreated = harness.run("ndctl create-namespace -fe namespace0.0 -m sector -l 512")
    #expect(recreated.status == 0, "\(recreated.err)")
    #expect(recreated.out.contains("\"mode\":\"sector\"") && recreated.out.contains("\"name\":\"db\""))
    let uuid = { harness.run("ndctl list -v").out.firstMatch(of: #/"raw_uuid":"([^"]*)"/#)?.output.1 }
    let first = uuid()
    #expect(harness.run("ndctl create-namespace -fe namespace0.0").status == 0)
    #expect(uuid() != first)
  }

  @Test func aRegionWithoutLabelsGetsThemByDefault() throws {
    let harness = try PersonalityHarness("--dimm 1GiB,label-version=blank")
    #expect(harness.run("ndctl create-namespace -f -e namespace0.0 -m fsdax --no-autolabel").status == 0)
    #expect(!harness.run("ndctl list -R").out.contains("iset_id"))
    let labeled = harness.run("ndctl create-namespace -f -e namespace0.0 -m fsdax")
    #expect(labeled.status == 0, "\(labeled.err)")
    #expect(harness.run("ndctl list -R").out.contains("iset_id"))
  }

  @Test func labelsGoToAFileAndBack() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m raw -n kept")
    let file = harness.path + "/labels"
    #expect(harness.run("ndctl read-labels nmem0 -o \(file)").err == "read 1 nmem\n")
    let names = { harness.run("ndctl list -N").out }
    let before = names()
    for line in [
      "disable-region all", "zero-labels nmem0", "init-labels nmem0", "write-labels nmem0 -i \(file)",
      "enable-region all",
    ] {
      let answer = harness.run("ndctl \(line)")
      #expect(answer.status == 0, "\(line): \(answer.err)")
    }
    #expect(names() == before)
    #expect(harness.run("ndctl check-labels nmem0").err == "successfully verified 1 nmem label\n")
  }

  @Test func labelsAreInitializedInTheOldVersionByDefault() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl disable-region all")
    #expect(harness.run("ndctl init-labels nmem0").status == 1)
    #expect(harness.run("ndctl init-labels -f nmem0").status == 0)
    #expect(harness.run("ndctl read-labels -jI nmem0").out.contains("\"labelsize\":128"))
    #expect(harness.run("ndctl init-labels -f -V 1.2 nmem0").status == 0)
    #expect(harness.run("ndctl read-labels -jI nmem0").out.contains("\"labelsize\":256"))
  }

  @Test func anInfoBlockIsWrittenAndReadBack() throws {
    let harness = try PersonalityHarness("--dimm 2GiB")
    harness.run("ndctl create-namespace -s 64M -m raw")
    harness.run("ndctl disable-namespace namespace0.0")
    #expect(harness.run("ndctl write-infoblock namespace0.0 -a 2M -m fsdax").err == "wrote 1 infoblock\n")
    let block = harness.run("ndctl read-infoblock -jV namespace0.0")
    #expect(
      block.out.contains("\"signature\":\"NVDIMM_PFN_INFO\"") && block.out.contains("\"align\":2097152"))
    #expect(harness.run("ndctl enable-namespace namespace0.0").status == 0)
    #expect(harness.run("ndctl list").out.contains("\"mode\":\"fsdax\""))
    #expect(harness.run("ndctl read-infoblock namespace0.0").status == 240)
  }

  @Test func memoryIsGivenToTheKernelAndBack() throws {
    let harness = try PersonalityHarness("--dimm 4GiB")
    harness.run("ndctl create-namespace -m devdax -s 2G")
    let given = harness.run("daxctl reconfigure-device -m system-ram dax0.0")
    #expect(given.status == 0 && given.err == "reconfigured 1 device\n", "\(given.err)")
    #expect(given.out.contains("\"mode\":\"system-ram\"") && given.out.contains("\"movable\":true"))
    #expect(harness.run("daxctl online-memory dax0.0").status == 1)
    #expect(harness.run("ndctl disable-namespace namespace0.0").status == 240)
    #expect(harness.run("daxctl reconfigure-device -m devdax dax0.0").status == 240)
    #expect(harness.run("daxctl offline-memory dax0.0").status == 0)
    #expect(harness.run("daxctl reconfigure-device -m devdax dax0.0").status == 0)
  }

  @Test func aConfigurationNamesDevicesByTheirUUID() throws {
    let sections = DaxConfiguration.sections(
      """
      # of a person
      [reconfigure-device unique]
      nvdimm.uuid = 48d8e42c-a2f0-4312-9e70-a837faafe862
      mode = system-ram
      online = true
      movable = false
      [other]
      mode = devdax
      """)
    #expect(sections.count == 1)
    #expect(sections.first?.mode == "system-ram" && sections.first?.isMovable == false)
    #expect(sections.first?.uuid?.description == "48d8e42c-a2f0-4312-9e70-a837faafe862")
  }

  /// Scripts take the first of `ndctl list -Ni`, which is idle where nothing is configured.
  @Test func anIdleNamespaceIsCreatedIfItsSizeIsGiven() throws {
    let harness = try PersonalityHarness("--dimm 256MiB")
    let without = harness.run("ndctl create-namespace -m raw -f -e namespace0.0")
    #expect(without.status == 234 && without.err.contains("set_size failed"), "\(without.err)")
    let answer = harness.run("ndctl create-namespace -m devdax -fe namespace0.0 -s 128M")
    #expect(answer.status == 0 && answer.out.contains("\"dev\":\"namespace0.0\""), "\(answer.err)")
    #expect(
      harness.run("ndctl create-namespace -r region0 -m raw -s 64M").status == 0, "the next one follows")
  }
}

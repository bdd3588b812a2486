import Foundation
import TestSupport
import Testing

/// Examples of the manual run as printed: copied from a terminal into a shell, in the situation that they are for.
@Suite struct ExampleTests {
  /// Commands that show a refusal or a finding, by page.
  static let failing: [String: [ExampleShell.Failure]] = [
    "sim-process-start": [.init(command: "pmemctl namespace disable namespace0.0", status: 4)],
    "sim-explore": [
      .init(
        command: "pmemctl sim explore 002-truncate-waits.pmem --without truncate-checks-pins", status: 1)
    ],
  ]

  /// Examples that run until they are interrupted.
  static let endless: Set<String> = ["sudo pmemctl mapping list --watch", "pmemctl monitor --json"]

  /// Examples that no test can run, with the reason. The list may only shrink.
  static let unrunnable: [String: String] = [
    "device-create": "needs memory that the platform sets aside (hmem, CXL), which no simulated machine has",
    "device-destroy": "as device-create",
    "sim-qemu": "boots a guest with KVM; Tests/VM/sim-boot does it under TCG",
  ]

  private static let directory = ExampleSituation.root.appendingPathComponent("man")

  private static func file(_ page: String) -> URL {
    let name = page == "pmemctl" ? "pmemctl.8" : page == "json" ? "pmemctl-json.7" : "pmemctl-\(page).8"
    return directory.appendingPathComponent(name)
  }

  /// Pages of verbs, that of the program, and that of JSON.
  static let pages: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.filter { $0.hasSuffix(".8") || $0 == "pmemctl-json.7" }.map { name in
      name == "pmemctl.8" ? "pmemctl" : String(name.dropFirst("pmemctl-".count).dropLast(2))
    }.sorted()
  }()

  @Test func everyPageHasOneSituation() {
    #expect(Self.pages.count > 120)
    let situated = ExampleSituation.all.flatMap(\.pages)
    #expect((situated + Self.unrunnable.keys).sorted() == Self.pages)
  }

  @Test func unrunnableExamplesOnlyBecomeFewer() {
    #expect(Self.unrunnable.count <= 3)
  }

  @Test(arguments: pages) func examplesFitATerminal(page: String) throws {
    let examples = try PrintedExamples(page: Self.file(page))
    #expect(!examples.blocks.isEmpty)
    #expect(examples.overlong == [])
  }

  @Test(arguments: pages) func examplesRunAsPrinted(page: String) throws {
    guard Self.unrunnable[page] == nil else { return }
    let situation = try #require(ExampleSituation.all.first { $0.pages.contains(page) })
    let shell = try ExampleShell(setup: situation.script)
    var failures: [ExampleShell.Failure] = []
    for block in try PrintedExamples(page: Self.file(page)).blocks {
      guard !Self.endless.contains(block) else {
        #expect(try shell.runUntilItPrints(block) != "")
        continue
      }
      let answer = try shell.run(block)
      failures += answer.failures
      #expect(
        answer.failures.allSatisfy { (Self.failing[page] ?? []).contains($0) },
        "\(situation.name): \(block)\n\(answer.output)\(answer.errors)")
    }
    #expect(failures == Self.failing[page] ?? [])
  }
}

/// The tutorial is one session: each command runs on what the ones before it have left.
@Suite struct TutorialTests {
  private static let page = ExampleSituation.root.appendingPathComponent("man/pmemctl-tutorial.7")

  /// What it calls a failure and a refusal.
  private static let failures: [ExampleShell.Failure] = [
    .init(command: "pmemctl sim pin 200 /srv/db --length 4MiB --kind rdma", status: 1),
    .init(command: "pmemctl namespace destroy --force files", status: 4),
  ]

  @Test func everyCommandDoesWhatThePageSays() throws {
    let examples = try PrintedExamples(page: Self.page, section: nil)
    #expect(examples.blocks.count > 10 && examples.overlong == [])
    let answer = try ExampleShell(setup: "").run(examples.blocks.joined(separator: "\n"))
    #expect(answer.failures == Self.failures, "\(answer.output)\(answer.errors)")
    // Made once, brought back once, and gone: the machine too.
    #expect(answer.output.contains("created namespace0.0 \"files\""))
    #expect(answer.output.components(separatedBy: "destroyed namespace0.0 \"files\"\n").count == 3)
    #expect(answer.output.contains("undone: destroy namespace0.0 \"files\""))
    #expect(answer.output.contains("\nremoved "))
  }
}

/// The program called by another tool's name.
@Suite struct OtherNameTests {
  @Test func theExampleRunsAsPrinted() throws {
    let page = ExampleSituation.root.appendingPathComponent("man/pmemctl-ndctl.7")
    let examples = try PrintedExamples(page: page)
    #expect(!examples.blocks.isEmpty && examples.overlong == [])
    let answer = try ExampleShell(setup: "").run(examples.blocks.joined(separator: "\n"))
    #expect(
      answer.failures.isEmpty && answer.output.hasSuffix("dax0.0\nsystem-ram\n"),
      "\(answer.output)\(answer.errors)")
  }
}

/// Snippets for continuous integration make files, and run them.
@Suite struct ContinuousIntegrationTests {
  private static let page = ExampleSituation.root.appendingPathComponent("man/pmemctl-ci.7")

  @Test func everySnippetPasses() throws {
    let examples = try PrintedExamples(page: Self.page, section: nil)
    #expect(examples.blocks.count == 6 && examples.overlong == [])
    // The shell's own link to the program may be below /dev, which the container has another of.
    let program = URL(fileURLWithPath: Program.path).standardizedFileURL.deletingLastPathComponent().path
    let answer = try ExampleShell(setup: "").run(
      "PATH=$PATH:\(program)\n" + examples.blocks.joined(separator: "\n"))
    #expect(answer.failures == [], "\(answer.output)\(answer.errors)")
    // bats and the script without a framework: each case passed, and there were some.
    #expect(!answer.output.contains("not ok"), "\(answer.output)")
    #expect(answer.output.contains("ok 2 a namespace in use is not destroyed"))
    #expect(answer.output.contains("ok 3 - nothing is wrong\n1..3\n"))
    // Once in the job, once in the container.
    #expect(answer.output.components(separatedBy: "destroyed namespace0.0 \"db\"\n").count == 3)
  }

  /// An invalid job would be found only after it is committed.
  @Test func theJobIsYAMLAndRunsTheScript() throws {
    let block = try #require(
      PrintedExamples(page: Self.page, section: nil).blocks.first { $0.contains("runs-on") })
    let shell = try ExampleShell(setup: "")
    let answer = try shell.run(
      block + """

        /usr/bin/python3 -c 'import yaml
        for step in yaml.safe_load(open("pmem.yaml"))["jobs"]["pmem"]["steps"]: print(step.get("run"))'
        """)
    #expect(answer.failures == [], "\(answer.errors)")
    #expect(answer.output.hasSuffix("\nbash smoke.sh\n"), "\(answer.output)")
  }
}

/// The commands of the README run as printed, and print what it shows.
@Suite struct ReadmeTests {
  /// Blocks that no test can run, by their first line, with the reason. The list may only shrink.
  static let unrunnable: [String: String] = [
    "make demo      # the main job on a simulated machine, in about 80 seconds from nothing":
      "builds and tests the program",
    "make": "builds and installs the program",
    "make deb && sudo apt install ./.build/pmemctl_*.deb":
      "builds and installs a package; `make deb-test` does",
    "eval qemu-system-x86_64 -accel tcg -cpu max $(pmemctl sim qemu m) -kernel vmlinuz -initrd initrd -append console=ttyS0":
      "boots a kernel; Tests/VM/sim-boot does",
    "eval qemu-system-x86_64 -enable-kvm $(pmemctl sim qemu vm1) -drive file=guest.qcow2":
      "boots a guest with KVM; Tests/VM/sim-boot does it under TCG",
    "mkfs.ext4 /dev/pmem0 && mount -o dax /dev/pmem0 /mnt    # \"files\"": "runs in a guest",
  ]

  /// Commands that show a refusal or a finding.
  static let failing: [ExampleShell.Failure] = [
    .init(command: "pmemctl namespace disable namespace1.0", status: 4),
    .init(
      command: "pmemctl sim explore Tests/Scenarios/002-hardware-writes-into-another-file.pmem", status: 1),
  ]

  static let runnable = ReadmeBlock.all.filter { unrunnable[$0.firstLine] == nil }

  @Test func everyBlockHasOneSituation() {
    #expect(ReadmeBlock.all.count >= 14)
    let situated = ExampleSituation.all.flatMap(\.blocks)
    #expect((situated + Self.unrunnable.keys).sorted() == ReadmeBlock.all.map(\.firstLine).sorted())
  }

  @Test func unrunnableBlocksOnlyBecomeFewer() {
    #expect(Self.unrunnable.count <= 6)
  }

  @Test(arguments: runnable) func blocksRunAsPrinted(block: ReadmeBlock) throws {
    let situation = try #require(ExampleSituation.all.first { $0.blocks.contains(block.firstLine) })
    let shell = try ExampleShell(setup: situation.script)
    let answer = try shell.run(block.script)
    #expect(
      answer.failures == Self.failing.filter { block.script.contains($0.command) },
      "\(situation.name): \(answer.output)\(answer.errors)")
    // Output that is printed as far as three dots goes on.
    guard let output = block.output else { return }
    if output.hasSuffix("\n...\n") {
      #expect(answer.output.hasPrefix(output.dropLast("...\n".count)), "\(answer.output)")
    } else {
      #expect(answer.output == output)
    }
  }
}

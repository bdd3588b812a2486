import Foundation
import TestSupport
import Testing

/// A part of `make mutation-test`: the program on mutated input files of every kind.
@Suite struct MutationTests {
  @Test func mutatedInputIsRefusedOrTaken() throws {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
    let runner = bundle.deletingLastPathComponent().appendingPathComponent("pmemctl-mutation").path
    let answer = try run(runner, [Program.path, "2", "400"])
    #expect(answer.status == 0 && !answer.wasSignaled, "\(answer.output)\(answer.errors)")
    #expect(answer.output.contains("ok - seed 2: "))
  }
}

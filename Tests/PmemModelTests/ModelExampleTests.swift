import Foundation
import Testing

/// A program that uses the model and nothing else of this package.
@Suite struct ModelExampleTests {
  @Test func aProgramOfTenLinesUsesTheModel() throws {
    let own = URL(
      fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let program = own.deletingLastPathComponent().appendingPathComponent("pmemctl-model-example")
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text.contains("blocked\n"), "\(text)")
    #expect(text.hasSuffix("8 is blocked by [7]: pin 1 of process 7 holds pages of it\n"), "\(text)")
  }
}

import Foundation
import PmemctlCommands
import Testing

/// With --json an error is JSON as well.
@Suite struct JSONErrorTests {
  @Test(
    arguments: [
      "namespace show nosuch", "namespace create --size 17MiB --region region0", "namespace delete fs",
      "bogus",
      "namespace create --mode fsdac", "region show region9", "namespace destroy namespace2.0",
      "layout plan /nonexistent", "device reconfigure dax0.0 --mode system-ram",
      "namespace list --sort nosuch",
      "namespace create --size", "mapping list --interval abc",
    ]) func anErrorIsOneLineWithItsStatusClassAndSuggestions(_ line: String) throws
  {
    let harness = try CommandHarness.standard()
    let text = harness.run(line)
    let answer = harness.run(line.split(separator: " ").map(String.init) + ["--json"])
    #expect(answer.status == text.status && answer.status != .done && answer.out.isEmpty)
    let last = try #require(answer.err.split(separator: "\n").last)
    let error = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    #expect(error["code"] as? Int == Int(answer.status.rawValue))
    #expect((error["class"] as? String)?.isEmpty == false)
    let message = try #require(error["message"] as? String)
    #expect(text.err.contains(message), "\(message) is not in \(text.err)")
    for detail in try #require(error["details"] as? [String]) { #expect(text.err.contains(detail)) }
    for words in try #require(error["suggestions"] as? [[String]]) {
      #expect(words.first == "pmemctl" && words.count > 1)
    }
  }

  @Test func behindTwoDashesItIsAName() throws {
    let harness = try CommandHarness.standard()
    #expect(harness.run(["namespace", "show", "--", "--json"]).err.hasPrefix("pmemctl: "))
  }
}

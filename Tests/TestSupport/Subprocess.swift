import Foundation

/// A program that was run to its end.
public struct Finished: Sendable {
  public let status: Int32
  /// Whether a signal ended it.
  public let wasSignaled: Bool
  public let output: String
  public let errors: String

  public var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) }
}

/// Runs a program with its streams in files, so that no full pipe can stop it.
public func run(
  _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil
) throws -> Finished {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
    "pmemctl-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  func file(_ name: String, _ text: String = "") throws -> URL {
    let url = directory.appendingPathComponent(name)
    try Data(text.utf8).write(to: url)
    return url
  }
  let output = try file("out")
  let errors = try file("err")
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  var merged = ProcessInfo.processInfo.environment
  merged["PMEMCTL_SIM"] = nil
  process.environment = merged.merging(environment) { $1 }
  process.standardInput = try FileHandle(forReadingFrom: try file("in", input ?? ""))
  process.standardOutput = try FileHandle(forWritingTo: output)
  process.standardError = try FileHandle(forWritingTo: errors)
  try process.run()
  process.waitUntilExit()
  return Finished(
    status: process.terminationStatus, wasSignaled: process.terminationReason == .uncaughtSignal,
    output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
    errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// A fresh directory, removed when the value goes.
public final class TemporaryDirectory {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/pmemctl-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

import Foundation
import PmemMedia
import PmemctlCommands
import Testing

/// Machines whose media a test changes behind their back.
extension CommandHarness {
  /// One DIMM of 512 MiB with "fs" (fsdax, 128 MiB), "dd" (devdax) and "sec" (sector, 64 MiB each).
  static func threeModes() throws -> CommandHarness {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "512MiB"])
    for line in [
      "--name fs --size 128MiB", "--name dd --mode devdax --size 64MiB",
      "--name sec --mode sector --size 64MiB",
    ] {
      #expect(harness.run("namespace create \(line)").status == .done)
    }
    return harness
  }

  /// Changes bytes of a DIMM's image: data, then the label area.
  func change(
    image: Int = 0, at offset: UInt64, count: Int, _ body: (inout ByteFields) -> Void
  ) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: machine + "/nmem\(image).img"))
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    var fields = ByteFields(Array(try handle.read(upToCount: count) ?? Data()))
    body(&fields)
    try handle.seek(toOffset: offset)
    try handle.write(contentsOf: Data(fields.bytes))
  }
}

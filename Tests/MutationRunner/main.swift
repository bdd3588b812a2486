import Foundation
import Glibc
import TestSupport

// pmemctl-mutation PROGRAM SEED COUNT [FIRST [KIND]]: the program reads COUNT mutated files of all kinds that it reads. Each ends
// with a documented status, 65 with file and line, never by a signal, with at most 256 MiB of memory and 10 s of the
// processor. What reproduces a failure is kept and printed.

var arguments = Array(CommandLine.arguments.dropFirst())
let kind = arguments.count == 5 ? Input.Kind(rawValue: arguments.removeLast()) : nil
let numbers = arguments.dropFirst().compactMap { UInt64($0) }
guard let path = arguments.first, arguments.count == numbers.count + 1, (2...3).contains(numbers.count) else {
  print("usage: pmemctl-mutation PROGRAM SEED COUNT [FIRST [KIND]]")
  exit(64)
}
let (seed, count, first) = (numbers[0], numbers[1], numbers.count > 2 ? numbers[2] : 0)

var failures = 0
do {
  let workspace = try Workspace(program: URL(fileURLWithPath: path).path)
  var judge = Judge(workspace)
  for number in first..<(first + count) {
    let input = try Input(seed: seed, number: number, of: kind, in: workspace)
    guard let failure = try judge.failure(of: input) else { continue }
    failures += 1
    let kept = try judge.keep(input, seed: seed)
    print("not ok - input \(number) (\(input.kind.rawValue)): \(failure)")
    print(
      "# kept in \(kept); again: pmemctl-mutation \(path) \(seed) 1 \(number)\(kind.map { " \($0.rawValue)" } ?? "")"
    )
    fflush(nil)
    if failures == 20 { break }
  }
  print("\(failures == 0 ? "ok" : "not ok") - seed \(seed): \(judge.report)")
} catch {
  print("not ok - \(error)")
  exit(1)
}
exit(failures == 0 ? 0 : 1)

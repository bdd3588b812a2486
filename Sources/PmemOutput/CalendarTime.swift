/// A moment as people write it, in UTC.
public struct CalendarTime: Hashable, Sendable {
  private let seconds: UInt64

  /// - Parameter seconds: Since 1970.
  public init(seconds: UInt64) { self.seconds = seconds }

  /// `2026-11-25 04:05:31`.
  public var text: String {
    let (year, month, day) = date
    let second = seconds % 86400
    return "\(year)-\(Self.two(month))-\(Self.two(day)) "
      + "\(Self.two(second / 3600)):\(Self.two(second / 60 % 60)):\(Self.two(second % 60))"
  }

  private static func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// Years are counted from March, in eras of 400 (the days of a leap year's February then come last).
  private var date: (year: UInt64, month: UInt64, day: UInt64) {
    // From 0000-03-01.
    let days = seconds / 86400 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

public import PmemDevice

extension NdctlBackend {
  public func loadKeys(of dimms: [DIMM], from path: String?) throws(DeviceError) -> LoadedKeys {
    let directory = path.map { KeyDirectory($0) } ?? KeyDirectory()
    let master = try DimmKeys.loadMaster(from: directory)
    var keys: [LoadedKeys.Key] = []
    for id in try directory.ids() {
      keys.append(
        LoadedKeys.Key(
          id: id, dimm: dimms.first { $0.id == id }?.dev,
          outcome: try DimmKeys(id, directory: directory).loadCurrent()))
    }
    return LoadedKeys(directory: directory.path, master: master, keys: keys)
  }
}

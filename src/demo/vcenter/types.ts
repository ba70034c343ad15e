/** What vim25 says of the managed types that we serve: who inherits from whom, and which properties there are. */

const PARENT: Readonly<Record<string, string>> = {
  Folder: 'ManagedEntity',
  Datacenter: 'ManagedEntity',
  ComputeResource: 'ManagedEntity',
  ClusterComputeResource: 'ComputeResource',
  HostSystem: 'ManagedEntity',
  ResourcePool: 'ManagedEntity',
  Datastore: 'ManagedEntity',
  VirtualMachine: 'ManagedEntity',
  ManagedEntity: 'ExtensibleManagedObject',
  ContainerView: 'ManagedObjectView',
  ListView: 'ManagedObjectView',
  ManagedObjectView: 'View',
  EventHistoryCollector: 'HistoryCollector',
  TaskHistoryCollector: 'HistoryCollector',
  HostProfileManager: 'ProfileManager',
  ClusterProfileManager: 'ProfileManager',
  CryptoManagerKmip: 'CryptoManager',
};

const PROPERTIES: Readonly<Record<string, string>> = {
  ExtensibleManagedObject: 'availableField value',
  ManagedEntity:
    'alarmActionsEnabled configIssue configStatus customValue declaredAlarmState disabledMethod effectiveRole name ' +
    'overallStatus parent permission recentTask tag triggeredAlarmState',
  Folder: 'childEntity childType namespace',
  Datacenter: 'configuration datastore datastoreFolder hostFolder network networkFolder vmFolder',
  ComputeResource:
    'configManagerEnabled configurationEx datastore environmentBrowser host lifecycleManaged network resourcePool summary',
  ClusterComputeResource:
    'actionHistory configuration drsFault drsRecommendation hciConfig migrationHistory recommendation summaryEx',
  HostSystem:
    'answerFileValidationResult answerFileValidationState capability complianceCheckResult complianceCheckState ' +
    'config configManager datastore datastoreBrowser hardware licensableResource network precheckRemediationResult ' +
    'remediationResult remediationState runtime summary systemResources vm',
  ResourcePool: 'childConfiguration config namespace owner resourcePool runtime summary vm',
  Datastore: 'browser capability host info iormConfiguration summary vm',
  VirtualMachine:
    'capability config datastore environmentBrowser guest guestHeartbeatStatus layout layoutEx network parentVApp ' +
    'resourceConfig resourcePool rootSnapshot runtime snapshot storage summary',
  VirtualMachineSnapshot: 'childSnapshot config vm',
  HostStorageSystem: 'fileSystemVolumeInfo multipathStateInfo storageDeviceInfo systemFile',
  ManagedObjectView: 'view',
  ContainerView: 'container recursive type',
  ServiceInstance: 'capability content serverClock',
  SessionManager: 'currentSession defaultLocale message messageLocaleList sessionList supportedLocaleList',
  TaskManager: 'description maxCollector recentTask',
  Task: 'info',
  PropertyCollector: 'filter',
  PropertyFilter: 'partialUpdates spec',
  ViewManager: 'viewList',
  HistoryCollector: 'filter',
  EventHistoryCollector: 'initialized latestPage',
  TaskHistoryCollector: 'latestPage',
  OptionManager: 'setting supportedOption',
  UserDirectory: 'domainList',
  AuthorizationManager: 'description privilegeList roleList',
  ServiceManager: 'service',
  PerformanceManager: 'description historicalInterval perfCounter',
  ScheduledTaskManager: 'description scheduledTask',
  AlarmManager: 'defaultExpression description',
  EventManager: 'description latestEvent maxCollector',
  ExtensionManager: 'extensionList',
  CustomizationSpecManager: 'encryptionKey info',
  CustomFieldsManager: 'field',
  LicenseManager:
    'diagnostics evaluation featureInfo licenseAssignmentManager licensedEdition licenses source sourceAvailable',
  OvfManager: 'ovfExportOption ovfImportOption',
  ProfileManager: 'profile',
  LocalizationManager: 'catalog',
  GuestOperationsManager: 'aliasManager authManager fileManager guestWindowsRegistryManager processManager',
  CryptoManager: 'enabled',
  CryptoManagerKmip: 'kmipServers',
  FailoverClusterConfigurator: 'disabledConfigureMethod',
  FailoverClusterManager: 'disabledClusterMethod',
};

/** Whether an object of `type` is also a `wanted`. */
export function isA(type: string, wanted: string): boolean {
  for (let each: string | undefined = type; each !== undefined; each = PARENT[each]) if (each === wanted) return true;
  return wanted === 'ManagedObject';
}

/** Whether vim25 knows such a property; whether it is set is another matter. */
export function knows(type: string, property: string): boolean {
  for (let each: string | undefined = type; each !== undefined; each = PARENT[each])
    if (PROPERTIES[each]?.split(' ').includes(property) === true) return true;
  return false;
}

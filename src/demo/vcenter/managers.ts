import type { WorldAbout } from '../table.ts';
import type { ManagedObject } from './collect.ts';
import { type Fields, type Ref, reference, references } from './value.ts';

/**
 * The service's managers that have nothing to tell here: the field of ServiceContent, the class, the id where it is not the
 * class. They are there all the same: every vCenter has them, and clients use them without asking. In two parts:
 * what clients take for a fixed order stands between.
 */
const BEFORE_SESSIONS = ['setting OptionManager VpxSettings', 'userDirectory UserDirectory'];
const AFTER_SESSIONS = [
  'authorizationManager AuthorizationManager',
  'serviceManager ServiceManager ServiceMgr',
  'perfManager PerformanceManager PerfMgr',
  'scheduledTaskManager ScheduledTaskManager',
  'alarmManager AlarmManager',
  'eventManager EventManager',
  'taskManager TaskManager',
  'extensionManager ExtensionManager',
  'customizationSpecManager CustomizationSpecManager',
  'customFieldsManager CustomFieldsManager',
  'diagnosticManager DiagnosticManager DiagMgr',
  'licenseManager LicenseManager',
  'searchIndex SearchIndex',
  'fileManager FileManager',
  'datastoreNamespaceManager DatastoreNamespaceManager',
  'virtualDiskManager VirtualDiskManager virtualDiskManager',
  'vmProvisioningChecker VirtualMachineProvisioningChecker ProvChecker',
  'vmCompatibilityChecker VirtualMachineCompatibilityChecker CompatChecker',
  'ovfManager OvfManager',
  'ipPoolManager IpPoolManager',
  'dvSwitchManager DistributedVirtualSwitchManager DVSManager',
  'hostProfileManager HostProfileManager',
  'clusterProfileManager ClusterProfileManager',
  'complianceManager ProfileComplianceManager MoComplianceManager',
  'localizationManager LocalizationManager',
  'storageResourceManager StorageResourceManager',
  'guestOperationsManager GuestOperationsManager guestOperationsManager',
  'overheadMemoryManager OverheadMemoryManager',
  'certificateManager CertificateManager certificateManager',
  'ioFilterManager IoFilterManager',
  'vStorageObjectManager VcenterVStorageObjectManager VStorageObjectManager',
  'hostSpecManager HostSpecificationManager',
  'cryptoManager CryptoManagerKmip CryptoManager',
  'healthUpdateManager HealthUpdateManager',
  'failoverClusterConfigurator FailoverClusterConfigurator',
  'failoverClusterManager FailoverClusterManager',
];

/** Those that an ESXi host has not. */
const OF_VCENTER =
  /^(?:scheduledTask|alarm|extension|customization|customFields|certificate|vmP|vmC|ipPool|dvSwitch|hostProfile|clusterProfile|compliance|storageResource|overheadMemory|ioFilter|vStorage|hostSpec|healthUpdate|failover)/;

const GUEST_OPERATIONS = ['auth', 'file', 'process', 'alias', 'guestWindowsRegistry'];

interface Manager {
  readonly field: string;
  readonly ref: Ref;
}

/** As fields of ServiceContent, before and after the session manager. */
export function managerFields(product: WorldAbout['product']): { readonly before: Fields; readonly after: Fields } {
  const fields = (lines: readonly string[]): Fields =>
    Object.fromEntries(managers(lines, product).map(({ field, ref }) => [field, reference(ref)]));
  return { before: fields(BEFORE_SESSIONS), after: fields(AFTER_SESSIONS) };
}

/** No task ever runs here, no event happens, and of the rest nothing is set. */
export function managerObjects(product: WorldAbout['product']): readonly ManagedObject[] {
  const parts = GUEST_OPERATIONS.map((name): Manager => {
    const part = `${name.charAt(0).toUpperCase()}${name.slice(1)}Manager`;
    const type = part.startsWith('Guest') ? part : `Guest${part}`;
    return { field: `${name}Manager`, ref: { type, id: `guestOperations${part}` } };
  });
  const known: Readonly<Record<string, Fields>> = {
    TaskManager: { recentTask: references([]) },
    GuestOperationsManager: Object.fromEntries(parts.map(({ field, ref }) => [field, reference(ref)])),
  };
  const all = [...managers([...BEFORE_SESSIONS, ...AFTER_SESSIONS], product), ...parts];
  return all.map(({ ref }) => ({ ref, properties: known[ref.type] ?? {} }));
}

function managers(lines: readonly string[], product: WorldAbout['product']): readonly Manager[] {
  return lines
    .filter((line) => product === 'vcenter' || !OF_VCENTER.test(line))
    .map((line) => {
      const [field = '', type = '', id = type] = line.split(' ');
      return { field, ref: { type, id } };
    });
}

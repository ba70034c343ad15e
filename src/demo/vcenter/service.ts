import type { WorldAbout } from '../table.ts';
import type { ManagedObject } from './collect.ts';
import { managerFields, managerObjects } from './managers.ts';
import type { FixedRefs } from './names.ts';
import { DEFAULT_COLLECTOR, SESSION_MANAGER, VIEW_MANAGER } from './session.ts';
import { data, type Ref, reference, text, type Value } from './value.ts';

const SERVICE_INSTANCE: Ref = { type: 'ServiceInstance', id: 'ServiceInstance' };
const PROPERTY_COLLECTOR: Ref = { type: 'PropertyCollector', id: DEFAULT_COLLECTOR };

const PRODUCTS = {
  vcenter: { name: 'VMware vCenter Server', osType: 'linux-x64', line: 'vpx', api: 'VirtualCenter' },
  esxi: { name: 'VMware ESXi', osType: 'vmnix-x86', line: 'embeddedEsx', api: 'HostAgent' },
} as const;

export function serviceContent(about: WorldAbout, fixed: FixedRefs): Value {
  const product = PRODUCTS[about.product];
  const { before, after } = managerFields(about.product);
  return data('ServiceContent', {
    rootFolder: reference(fixed.root),
    propertyCollector: reference(PROPERTY_COLLECTOR),
    viewManager: reference(VIEW_MANAGER),
    about: data('AboutInfo', {
      name: text(product.name),
      fullName: text(`${product.name} ${about.version} build-${about.build}`),
      vendor: text('VMware, Inc.'),
      version: text(about.version),
      build: text(about.build),
      localeVersion: text('INTL'),
      localeBuild: text('000'),
      osType: text(product.osType),
      productLineId: text(product.line),
      apiType: text(product.api),
      apiVersion: text(about.apiVersion),
      instanceUuid: about.product === 'vcenter' ? text(about.instanceUuid) : undefined,
    }),
    ...before,
    sessionManager: reference(SESSION_MANAGER),
    ...after,
  });
}

/** The service's own objects, but for those that a session has its own of. */
export function serviceObjects(about: WorldAbout, fixed: FixedRefs): readonly ManagedObject[] {
  return [
    { ref: SERVICE_INSTANCE, properties: { content: serviceContent(about, fixed) } },
    ...[SESSION_MANAGER, VIEW_MANAGER, PROPERTY_COLLECTOR].map((ref) => ({ ref, properties: {} })),
    ...managerObjects(about.product),
  ];
}

const VERSIONS = ['8.0.3.0', '8.0.2.0', '8.0.1.0', '8.0.0.1', '7.0.3.0', '7.0', '6.7', '6.5'];

/** What `GET /sdk/vimServiceVersions.xml` answers: the own version first, then those before it. */
export function serviceVersions(apiVersion: string): string {
  const prior = VERSIONS.slice(VERSIONS.indexOf(apiVersion) + 1).map((version) => `<version>${version}</version>`);
  return (
    '<?xml version="1.0" encoding="UTF-8"?><namespaces version="1.0"><namespace><name>urn:vim25</name>' +
    `<version>${apiVersion}</version><priorVersions>${prior.join('')}</priorVersions></namespace></namespaces>`
  );
}

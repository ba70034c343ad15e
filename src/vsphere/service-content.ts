import { defined } from '../base/defined.ts';
import { Fault } from '../base/fault.ts';
import { asRef, child, type Ref, text } from './element.ts';
import type { Element } from './xml.ts';

export interface About {
  /** 'VMware vCenter Server 8.0.3 build-24022515' */
  readonly fullName: string;
  readonly instanceUuid?: string;
  readonly kind: 'vcenter' | 'esxi';
}

export interface ServiceContent {
  readonly rootFolder: Ref;
  readonly propertyCollector: Ref;
  readonly viewManager: Ref;
  readonly sessionManager: Ref;
  /** Absent where the login may not see it. */
  readonly eventManager?: Ref;
  /** Likewise. */
  readonly searchIndex?: Ref;
}

export function serviceContent(content: Element | undefined, host: string): ServiceContent {
  const required = (name: string): Ref => {
    const found = asRef(child(content, name));
    if (found !== undefined) return found;
    throw new Fault({ code: 'vsphere.malformed', message: `${host}: its service content names no ${name}` });
  };
  const eventManager = asRef(child(content, 'eventManager'));
  const searchIndex = asRef(child(content, 'searchIndex'));
  return {
    rootFolder: required('rootFolder'),
    propertyCollector: required('propertyCollector'),
    viewManager: required('viewManager'),
    sessionManager: required('sessionManager'),
    ...defined({ eventManager, searchIndex }),
  };
}

export function aboutOf(content: Element | undefined): About {
  const about = child(content, 'about');
  const instanceUuid = text(about, 'instanceUuid');
  return {
    fullName: text(about, 'fullName') ?? 'vSphere',
    kind: text(about, 'apiType') === 'HostAgent' ? 'esxi' : 'vcenter',
    ...(instanceUuid === undefined || instanceUuid === '' ? {} : { instanceUuid }),
  };
}

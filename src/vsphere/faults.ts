import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import { asRef, child, text } from './element.ts';
import type { Element } from './xml.ts';

/** What a message may say of the call that failed. */
export interface Asked {
  /** 'vcenter.corp.example' */
  readonly host: string;
  readonly username: string;
  readonly method: string;
}

export const NOT_AUTHENTICATED = 'vsphere.not-authenticated';
/** The server does not have this method: nothing was done. */
export const NO_METHOD = 'vsphere.no-method';

/** A SOAP fault, told by the class of its detail: the words of `faultstring` differ with version and language. */
export function soapFault(fault: Element, asked: Asked): Fault {
  const detail = child(fault, 'detail')?.children[0];
  const kind = faultClass(detail);
  const said = quoted(text(fault, 'faultstring')?.trim() ?? '');
  switch (kind) {
    case 'InvalidLogin':
      return new Fault({
        code: 'vsphere.invalid-login',
        message: `${asked.host} refuses the login of ${asked.username}`,
        hint: 'Check user and password; an SSO user is written as user@domain.',
      });
    case 'NotAuthenticated':
      return notAuthenticated(asked);
    case 'NoPermission':
      return noPermission(asked, detail);
    case 'ManagedObjectNotFound':
      return new Fault({
        code: 'vsphere.gone',
        message: `${asked.host}: ${quoted(asRef(child(detail, 'obj')) ?? 'the object')} is no longer there`,
      });
    case 'MethodNotFound':
      return new Fault({
        code: NO_METHOD,
        message: `${asked.host} does not know ${asked.method}: its version of vSphere is too old, or it is no vSphere`,
      });
    default:
      return new Fault({
        code: 'vsphere.fault',
        message: `${asked.host}: ${asked.method} failed: ${[kind, said].filter((part) => part !== '').join(': ')}`,
      });
  }
}

/** 'NoPermission', whether it comes as an element of that type or as one called NoPermissionFault; '' if untold. */
export function faultClass(detail: Element | undefined): string {
  return quoted(detail?.xsiType ?? detail?.name.replace(/Fault$/, '') ?? '');
}

export function notAuthenticated(asked: Asked): Fault {
  return new Fault({
    code: NOT_AUTHENTICATED,
    message: `${asked.host}: the session of ${asked.username} has ended`,
    hint: 'Somebody or an idle limit ended it; run again.',
  });
}

function noPermission(asked: Asked, detail: Element | undefined): Fault {
  const privilege = quoted(text(detail, 'privilegeId') ?? 'a privilege');
  const object = asRef(child(detail, 'object'));
  return new Fault({
    code: 'vsphere.no-permission',
    message: `${asked.host}: ${asked.username} lacks ${privilege}${object === undefined ? '' : ` on ${quoted(object)}`} for ${asked.method}`,
    hint: privilege.startsWith('System.')
      ? 'Give the user the role Read-only on the vCenter, with "Propagate to children".'
      : `Give the user a role with ${privilege} there, besides Read-only.`,
  });
}

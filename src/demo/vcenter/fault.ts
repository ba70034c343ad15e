import { escaped, type Fields, fieldsOf } from './value.ts';

/** A fault of the vim25 API: HTTP 500, a SOAP fault whose detail names the class. */
export class VimFault extends Error {
  override readonly name = 'VimFault';
  readonly type: string;
  readonly fields: Fields;

  constructor(type: string, message: string, fields: Fields = {}) {
    super(message);
    this.type = type;
    this.fields = fields;
  }
}

export function faultXml(fault: VimFault): string {
  return (
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escaped(fault.message)}</faultstring>` +
    `<detail><${fault.type}Fault xmlns="urn:vim25" xsi:type="${fault.type}">${fieldsOf(fault.fields)}` +
    `</${fault.type}Fault></detail></soapenv:Fault>`
  );
}

/** As it stands in a missingSet. */
export function localizedFault(type: string, message: string): string {
  return `<fault><fault xsi:type="${type}"></fault><localizedMessage>${escaped(message)}</localizedMessage></fault>`;
}

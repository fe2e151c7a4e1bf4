import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { refusalOf } from './admit.js';
import { type Admitted } from './gate.js';
import { type Need, NEEDS } from './needs.js';

/** Lets a request on to its handler if its caller may have what the handler does. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const need = this.reflector.get<Need | undefined>(NEEDS, context.getHandler());
    const refusal = refusalOf(need, context.switchToHttp().getRequest<Admitted>().caller);
    if (refusal) throw refusal;
    return true;
  }
}

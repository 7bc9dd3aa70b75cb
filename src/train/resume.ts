import type { Checkpoint } from '../artifacts/index.js';
import { CheckpointError } from '../errors.js';
import type { FitOptions, ResumePoint } from './fit-options.js';

/**
 * Where a checkpoint's run stands. Throws CheckpointError for a checkpoint that does not say (plain weights) or whose
 * run is complete.
 */
export function readResumePoint(
  { progress }: Checkpoint,
  where: string,
  { epochs }: Pick<FitOptions, 'epochs'>,
): ResumePoint {
  const point = progress.extra as Partial<ResumePoint> | null;
  if (point?.scheduler === undefined || !Array.isArray(point.epochs)) {
    throw new CheckpointError(
      `${where}: expected a checkpoint of a training run, got weights without progress; start from them with init`,
    );
  }
  if (progress.epoch >= epochs) {
    throw new CheckpointError(
      `${where}: its run has finished ${progress.epoch} epochs; to go on, ask for more than that`,
    );
  }
  return {
    epoch: progress.epoch,
    scheduler: point.scheduler,
    epochs: point.epochs,
    ...(point.partial && { partial: point.partial }),
  };
}

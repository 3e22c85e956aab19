export {
  abortSave,
  commitSave,
  prepareSave,
  successFileName,
  type PreparedSave,
  type SaveRequest,
  type SuccessMark,
} from './save.js';
export { openSavesSettled, trackSave } from './open-saves.js';

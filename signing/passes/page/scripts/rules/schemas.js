// The schemas of contents: the very files that the other verifier reads.

import claim169 from "../../../rules/claim169.schema.json" with { type: "json" };
import dcc from "../../../rules/dcc.schema.json" with { type: "json" };
import ddcc from "../../../rules/ddcc.schema.json" with { type: "json" };
import icvp from "../../../rules/icvp.schema.json" with { type: "json" };
import shc from "../../../rules/shc.schema.json" with { type: "json" };
import vdsNc from "../../../rules/vds_nc.schema.json" with { type: "json" };
import { Schema } from "./schema.js";

export const CLAIM_169 = new Schema(claim169);
export const DCC = new Schema(dcc);
export const DDCC = new Schema(ddcc);
export const ICVP = new Schema(icvp);
export const SHC = new Schema(shc);
export const VDS_NC = new Schema(vdsNc);

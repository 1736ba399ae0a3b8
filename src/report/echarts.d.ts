/** The package's own file of all its parts; it has types for its other entries only. */
declare module "echarts/dist/echarts.esm.min" {
  export { init } from "echarts";
}

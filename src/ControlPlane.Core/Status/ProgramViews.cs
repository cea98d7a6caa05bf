using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Shows egress programs as the API does.</summary>
/// <param name="kernel">The kernel, which counts their frames.</param>
internal sealed class ProgramViews(IKernel kernel)
{
    /// <summary>Returns a program.</summary>
    public EgressProgram View(PlacedProgram program)
    {
        var (record, loaded, entries) = program;
        var (packets, bytes) = kernel.Programs.ReadCounters(record.Name);
        return new EgressProgram(
            record.Name, record.Revision, record.CreateTime, record.UpdateTime, record.Spec, new EgressProgramStatus(loaded.ProgramId, entries, packets, bytes));
    }
}

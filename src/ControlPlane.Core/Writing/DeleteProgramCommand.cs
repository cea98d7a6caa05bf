using ControlPlane.Core.Ports;
using ControlPlane.Core.Programs;

namespace ControlPlane.Core.Writing;

/// <summary>Removes an egress program that no entry carries.</summary>
internal sealed class DeleteProgramCommand(string name) : WriterCommand<bool>
{
    protected override bool Run(WriterScope scope, WriterContext context)
    {
        var program = context.State.Programs.GetValueOrDefault(name) ?? throw ProgramService.NotFound(name);
        if (program.Entries > 0)
            throw PutProgramCommand.InUse(name, program.Entries, "deleted");
        context.Kernel.Programs.Unload(scope, name);
        context.State.NextRevision();
        context.State.Programs = context.State.Programs.Remove(name);
        return true;
    }
}

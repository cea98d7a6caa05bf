using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Egress programs by gRPC. A singleton, like the service it calls.</summary>
internal sealed class ProgramGrpcService(ControlPlane.Core.Api.ProgramService programs) : Devmapd.V1.ProgramService.ProgramServiceBase
{
    public override Task<ListProgramsResponse> ListPrograms(ListProgramsRequest request, ServerCallContext context)
    {
        var response = new ListProgramsResponse();
        foreach (var program in programs.List())
            response.Programs.Add(program.ToMessage());
        return Task.FromResult(response);
    }

    public override Task<GetProgramResponse> GetProgram(GetProgramRequest request, ServerCallContext context)
    {
        Required.Check(("program", request.Program));
        return Task.FromResult(new GetProgramResponse { Program = programs.Get(request.Program).ToMessage() });
    }

    public override async Task<PutProgramResponse> PutProgram(PutProgramRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("program", request.Program));
        var body = request.ToBody(faults);
        var outcome = await programs.PutAsync(request.Program, body, faults, Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults), context.CancellationToken);
        return new PutProgramResponse { Program = outcome.View.ToMessage(), Created = outcome.Created };
    }

    public override async Task<DeleteProgramResponse> DeleteProgram(DeleteProgramRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("program", request.Program));
        var precondition = Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults);
        faults.ThrowIfAny();
        await programs.DeleteAsync(request.Program, precondition, context.CancellationToken);
        return new DeleteProgramResponse();
    }

    public override async Task<SetEgressProgramResponse> SetEgressProgram(SetEgressProgramRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("interface", request.Interface));
        var swap = await programs.SetOfInterfaceAsync(request.Interface, request.HasEgressProgram ? request.EgressProgram : null, faults, context.CancellationToken);
        var response = new SetEgressProgramResponse { Interface = swap.Interface, Changed = swap.Changed, Revision = swap.Revision };
        if (swap.EgressProgram is { } program)
            response.EgressProgram = program;
        return response;
    }
}

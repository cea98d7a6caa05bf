using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of egress programs.</summary>
internal static class ProgramEndpoints
{
    public static void MapPrograms(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListPrograms, List);
        routes.Map(Operations.GetProgram, Get);
        routes.Map(Operations.PutProgram, PutAsync);
        routes.Map(Operations.DeleteProgram, DeleteAsync);
        routes.Map(Operations.SetEgressProgram, SetAsync);
    }

    private static Answer<EgressProgramList> List(RequestContext request, ProgramService programs) => new(new EgressProgramList(programs.List(request)));

    private static Answer<EgressProgram> Get(string program, RequestContext request, ProgramService programs)
    {
        var found = programs.Get(program, request);
        return new(found, found.Revision);
    }

    private static async Task<PutAnswer<EgressProgram>> PutAsync(
        string program, Body<EgressProgramSpec> spec, bool? force, RequestContext request, ProgramService programs)
    {
        var outcome = await programs.PutAsync(program, spec.Value, request, force ?? false);
        return new(outcome, outcome.View.Revision, "programs", program);
    }

    private static async Task<NoContent> DeleteAsync(string program, string? owner, bool? force, RequestContext request, ProgramService programs)
    {
        await programs.DeleteAsync(program, owner, force ?? false, request);
        return TypedResults.NoContent();
    }

    private static async Task<Answer<EgressProgramSwap>> SetAsync(
        string interfaceName, Body<EgressProgramChoice> choice, RequestContext request, ProgramService programs)
    {
        var swap = await programs.SetOfInterfaceAsync(interfaceName, choice.Value.EgressProgram, request);
        return new(swap, swap.Revision);
    }
}

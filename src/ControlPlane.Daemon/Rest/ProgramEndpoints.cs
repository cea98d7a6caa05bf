using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/programs</c></summary>
internal static class ProgramEndpoints
{
    public static void MapPrograms(this IEndpointRouteBuilder v1)
    {
        var programs = v1.MapGroup("/programs").WithTags(Tags.Programs);

        programs.MapRead("", List)
            .Described("listPrograms", "List egress programs", "All egress programs in order of their names.")
            .Answers<ProgramListResource>(StatusCodes.Status200OK, "The egress programs.")
            .Fails(ErrorCode.KernelFailure);

        programs.MapRead("/{program}", Get)
            .Described("getProgram", "Read an egress program", "One egress program, how many entries carry it and what it has seen.")
            .Answers<ProgramResource>(StatusCodes.Status200OK, "The egress program.")
            .Fails(ErrorCode.ProgramNotFound, ErrorCode.KernelFailure);

        programs.MapPut("/{program}", PutAsync)
            .Described("putProgram", "Load or change an egress program",
                "Loads an instance of the template with these parameters and pins it. A program that entries carry cannot be changed; asking for what is there already changes nothing.")
            .TakesBody<ProgramBody>()
            .Answers<ProgramResource>(StatusCodes.Status201Created, "The program is loaded; `Location` names it.")
            .Answers<ProgramResource>(StatusCodes.Status200OK, "It was there and is now as asked.")
            .FailsAsWrite(ErrorCode.ProgramInUse, ErrorCode.AlreadyExists);

        programs.MapDelete("/{program}", DeleteAsync)
            .Described("deleteProgram", "Unload an egress program", "Removes an egress program that no entry carries.")
            .AnswersNothing("The program is gone.")
            .FailsAsWrite(ErrorCode.ProgramNotFound, ErrorCode.ProgramInUse);
    }

    private static IResult List(HttpContext http, ProgramService programs)
    {
        var request = RestRequest.Of(http).Read();
        var list = new ProgramListResource { Programs = programs.List(request).Select(ProgramResource.From) };
        return Answers.Ok(list, RestJson.Instance.ProgramListResource);
    }

    private static IResult Get(string program, HttpContext http, ProgramService programs)
    {
        var request = RestRequest.Of(http).Read();
        var view = programs.Get(program, request);
        return Answers.Ok(http, ProgramResource.From(view), RestJson.Instance.ProgramResource, view.Revision);
    }

    private static async Task<IResult> PutAsync(string program, HttpContext http, ProgramService programs, CancellationToken cancellationToken)
    {
        var request = RestRequest.Of(http);
        var body = await request.ReadBodyAsync(ProgramBody.Read, cancellationToken);
        var outcome = await programs.PutAsync(program, body, request.Write());
        return Answers.Put(http, outcome, ProgramResource.From, RestJson.Instance.ProgramResource, outcome.View.Revision, "programs", program);
    }

    private static async Task<IResult> DeleteAsync(string program, HttpContext http, ProgramService programs, CancellationToken cancellationToken)
    {
        await programs.DeleteAsync(program, RestRequest.Of(http).Write());
        return TypedResults.NoContent();
    }
}

using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The facts about a program that the kernel refuses.</summary>
[Collection(ProcessWide.Name)]
public sealed class LoadFailureTests
{
    private const string Refused = """
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        char LICENSE[] SEC("license") = "Dual BSD/GPL";
        SEC("xdp") int unchecked(struct xdp_md *ctx)
        {
            return *(volatile char *)(long)ctx->data; /* no bounds check */
        }
        """;

    [Fact]
    public void Load_RefusedByTheVerifier_CarriesItsWholeLog()
    {
        using var obj = BpfObject.Open(Compile(Refused), "refused.bpf.o");
        var e = Assert.Throws<KernelException>(() => obj.Load("unchecked"));
        Assert.Equal(Errno.EACCES, e.Errno);
        Assert.NotNull(e.VerifierLog);
        Assert.Contains("invalid access to packet", e.VerifierLog, StringComparison.Ordinal);
        Assert.Contains("processed", e.VerifierLog, StringComparison.Ordinal); // the last line
    }

    [Fact]
    public void LibbpfsMessages_ReachTheLogWithTheirArguments()
    {
        var logger = new ListLogger();
        LibbpfPrint.SendTo(logger);
        using (var obj = BpfObject.Open(Compile(Refused), "refused.bpf.o"))
            Assert.Throws<KernelException>(() => obj.Load("unchecked"));
        Assert.Contains(logger.Lines, l => l.StartsWith("Warning libbpf: prog 'unchecked'", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_NotAnObject_IsRefused()
    {
        Assert.Throws<KernelException>(() => BpfObject.Open("no ELF at all"u8, "text"));
    }

    private static byte[] Compile(string source)
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-refused-");
        try
        {
            var file = Path.Combine(folder.FullName, "refused.bpf.c");
            File.WriteAllText(file, source);
            var machine = Shell.Run("uname", "-m").Trim();
            Shell.Run("clang", "-O2", "-g", "-target", "bpf", "-idirafter", $"/usr/include/{machine}-linux-gnu", "-c", file, "-o", file + ".o");
            return File.ReadAllBytes(file + ".o");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class ListLogger : ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                    return [.. _lines];
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
                _lines.Add($"{logLevel} {formatter(state, exception)}");
        }
    }
}
